"""The methods of ``QCAlgorithm``, by what they are about."""

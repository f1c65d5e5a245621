"""Walk-forwards: parameters chosen on one window of days and tried on the next, again and again."""

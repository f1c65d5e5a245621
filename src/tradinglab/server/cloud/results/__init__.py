"""What a backtest at QuantConnect came to, made what a backtest here leaves. Knows no Django."""

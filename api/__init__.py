"""The doors: JSON API, web console, command line and the processes behind them."""

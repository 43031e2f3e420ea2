"""What an operator asks and does, once for every face: command line, API, dashboard and agents only translate it."""

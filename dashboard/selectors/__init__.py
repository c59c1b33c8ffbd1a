"""What is read of numbers and boards. Called by services, consumers, views and commands; never writes."""

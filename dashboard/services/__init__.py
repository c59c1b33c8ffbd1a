"""What is done with numbers and boards. Called by consumers, views, the recorder and commands.

Every public function is one transaction and appends at most one event to each topic.
"""

"""What is done with runs: started, executed a step, stopped, ended, paid. Called by the runner, consumers and views.

Every public function is one transaction and appends at most one event to each topic.
"""

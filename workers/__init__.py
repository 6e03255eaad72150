"""What machines do: tasks, the gateway to the site, and training programs that know neither."""

__version__ = "0.1.0"

"""The server of ``nianbao serve``: the add-in's backend and the coordinator's local web page."""

"""The web floor: blueprints that parse, authorise, call one service and render."""

"""JSON and tool calls as models write them into texts."""

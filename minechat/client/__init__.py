"""The client floor: an asyncio shell over the protocols."""

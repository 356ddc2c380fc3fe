"""The graph as a chat model: it stands wherever a LangChain app had one LLM."""

from avengers_graph.chat_model.model import ChatAvengers

__all__ = ["ChatAvengers"]

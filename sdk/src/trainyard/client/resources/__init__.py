"""The nouns of a server as its clients offer them: one module a noun, its synchronous and its asynchronous class side
by side over the same requests."""

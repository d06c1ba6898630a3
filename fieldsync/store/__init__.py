"""The only SQL: the engine and its transactions, the models, and one module a thing."""

"""The face for agents: the same desk, spoken by the Model Context Protocol (https://modelcontextprotocol.io/)."""

"""What talks, and with which number, tools and voice."""

from typing import Unpack

from campaigns.vendors.hmsovereign.models import (
    AnalysisTemplate,
    Assistant,
    McpServer,
    McpTest,
    Number,
    ToolTemplate,
    Voice,
    Workflow,
)

from . import bodies
from .asking import Asking, filled


class Agents(Asking):
    """Assistants, numbers, workflows, templates, servers of tools, voices. Every change is a PATCH: what is left out
    stays as it is."""

    async def list_assistants(self) -> list[Assistant]:
        """GET /assistants; there are no pages, of this or any other list but calls and usage."""
        return await self.many(Assistant, "list_assistants", "assistants")

    async def get_assistant(self, assistant_id: str) -> Assistant:
        return await self.one(Assistant, "get_assistant", "assistant", ids={"id": assistant_id})

    async def create_assistant(self, **fields: Unpack[bodies.Assistant]) -> Assistant:
        """POST /assistants; only a name is needed."""
        return await self.one(Assistant, "create_assistant", "assistant", body=dict(fields))

    async def update_assistant(self, assistant_id: str, **changes: Unpack[bodies.Assistant]) -> Assistant:
        return await self.one(
            Assistant, "update_assistant", "assistant", ids={"id": assistant_id}, body=dict(changes)
        )  # fmt: skip

    async def delete_assistant(self, assistant_id: str) -> None:
        await self.done("delete_assistant", ids={"id": assistant_id})

    async def list_numbers(self) -> list[Number]:
        return await self.many(Number, "list_numbers", "numbers")

    async def get_number(self, number_id: str) -> Number:
        return await self.one(Number, "get_number", "number", ids={"id": number_id})

    async def create_number(self, phone_number: str, **fields: Unpack[bodies.Number]) -> Number:
        """POST /numbers: register a number (E.164) that a SIP trunk brings."""
        return await self.one(Number, "create_number", "number", body={"phone_number": phone_number, **fields})

    async def update_number(self, number_id: str, **changes: Unpack[bodies.Number]) -> Number:
        return await self.one(Number, "update_number", "number", ids={"id": number_id}, body=dict(changes))

    async def delete_number(self, number_id: str) -> None:
        await self.done("delete_number", ids={"id": number_id})

    async def list_tool_templates(self) -> list[ToolTemplate]:
        return await self.many(ToolTemplate, "list_tool_templates", "tool_templates")

    async def get_tool_template(self, template_id: str) -> ToolTemplate:
        return await self.one(ToolTemplate, "get_tool_template", "tool_template", ids={"id": template_id})

    async def create_tool_template(self, **fields: Unpack[bodies.ToolTemplate]) -> ToolTemplate:
        """POST /tool-templates; name, tool_type and tool_config are needed."""
        return await self.one(ToolTemplate, "create_tool_template", "tool_template", body=dict(fields))

    async def update_tool_template(self, template_id: str, **changes: Unpack[bodies.ToolTemplate]) -> ToolTemplate:
        ids = {"id": template_id}
        return await self.one(ToolTemplate, "update_tool_template", "tool_template", ids=ids, body=dict(changes))

    async def delete_tool_template(self, template_id: str) -> None:
        await self.done("delete_tool_template", ids={"id": template_id})

    async def list_analysis_templates(self) -> list[AnalysisTemplate]:
        return await self.many(AnalysisTemplate, "list_analysis_templates", "analysis_templates")

    async def get_analysis_template(self, template_id: str) -> AnalysisTemplate:
        ids = {"id": template_id}
        return await self.one(AnalysisTemplate, "get_analysis_template", "analysis_template", ids=ids)

    async def create_analysis_template(self, **fields: Unpack[bodies.AnalysisTemplate]) -> AnalysisTemplate:
        """POST /analysis-templates; name, both prompts and schema are needed."""
        return await self.one(AnalysisTemplate, "create_analysis_template", "analysis_template", body=dict(fields))

    async def update_analysis_template(
        self, template_id: str, **changes: Unpack[bodies.AnalysisTemplate]
    ) -> AnalysisTemplate:
        ids = {"id": template_id}
        return await self.one(
            AnalysisTemplate, "update_analysis_template", "analysis_template", ids=ids, body=dict(changes)
        )  # fmt: skip

    async def delete_analysis_template(self, template_id: str) -> None:
        await self.done("delete_analysis_template", ids={"id": template_id})

    async def list_workflows(self) -> list[Workflow]:
        """GET /workflows: summaries without the definition."""
        return await self.many(Workflow, "list_workflows", "workflows")

    async def get_workflow(self, workflow_id: str) -> Workflow:
        return await self.one(Workflow, "get_workflow", "workflow", ids={"id": workflow_id})

    async def create_workflow(self, **fields: Unpack[bodies.Workflow]) -> Workflow:
        """POST /workflows; name and definition are needed. Raises VendorError: 400 for a definition that is none."""
        return await self.one(Workflow, "create_workflow", "workflow", body=dict(fields))

    async def update_workflow(self, workflow_id: str, **changes: Unpack[bodies.Workflow]) -> Workflow:
        return await self.one(Workflow, "update_workflow", "workflow", ids={"id": workflow_id}, body=dict(changes))

    async def delete_workflow(self, workflow_id: str) -> None:
        """Raises VendorError: 409 while a number still runs it."""
        await self.done("delete_workflow", ids={"id": workflow_id})

    async def list_mcp_servers(self) -> list[McpServer]:
        return await self.many(McpServer, "list_mcp_servers", "mcp_servers")

    async def get_mcp_server(self, server_id: str) -> McpServer:
        return await self.one(McpServer, "get_mcp_server", "mcp_server", ids={"id": server_id})

    async def create_mcp_server(self, **fields: Unpack[bodies.McpServer]) -> McpServer:
        """POST /mcp-servers; name and an https address are needed."""
        return await self.one(McpServer, "create_mcp_server", "mcp_server", body=dict(fields))

    async def update_mcp_server(self, server_id: str, **changes: Unpack[bodies.McpServer]) -> McpServer:
        return await self.one(McpServer, "update_mcp_server", "mcp_server", ids={"id": server_id}, body=dict(changes))

    async def delete_mcp_server(self, server_id: str) -> None:
        """Raises VendorError: 409 while an assistant still uses it."""
        await self.done("delete_mcp_server", ids={"id": server_id})

    async def test_mcp_server(self, server_id: str, headers: dict[str, str] | None = None) -> McpTest:
        """POST /mcp-servers/{id}/test: have the platform connect to it; `headers` are for this test alone."""
        return await self.one(McpTest, "test_mcp_server", ids={"id": server_id}, body=filled(headers=headers))

    async def list_voices(self) -> list[Voice]:
        return await self.many(Voice, "list_voices", "voices")

"""What the pool as a whole can do, as LangChain's model profile says it."""

from langchain_core.language_models import ModelProfile

from avengers_graph.experts.pool import ExpertPool


def pool_profile(pool: ExpertPool) -> ModelProfile:
    """A capability counts when some expert has it: a request that needs it is routed there.

    Structured output counts where it goes together with tools, if the pool has any: agents ask
    for both at once. Token limits are those of the most capable expert, and left out when one
    is not known.
    """
    tools = any("tools" in expert.supports for expert in pool)
    wanted = {"json_schema", "tools"} if tools else {"json_schema"}
    images = any("images" in expert.supports for expert in pool)
    profile = ModelProfile(
        text_inputs=True,
        text_outputs=True,
        temperature=True,
        image_inputs=images,
        image_url_inputs=images,
        image_tool_message=images,
        tool_calling=tools,
        tool_choice=tools,
        tool_call_streaming=tools,
        structured_output=any(wanted <= expert.supports for expert in pool),
        reasoning_output=any(expert.thinking for expert in pool),
    )
    contexts = [expert.context_length for expert in pool]
    answers = [expert.max_tokens for expert in pool]
    if None not in contexts:
        profile["max_input_tokens"] = max(length for length in contexts if length is not None)
    if None not in answers:
        profile["max_output_tokens"] = max(length for length in answers if length is not None)
    return profile

"""Chat templates for tests."""

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + CHATML
"""As Gemma's."""
LAST_ONLY = "{{ messages[-1].content }}"
"""Forgets messages."""
ESCAPING = "{% for m in messages %}{{ m | tojson }}{% endfor %}"
PEEPING = "{{ ''.__class__.__mro__[1].__subclasses__() }}" + CHATML
"""Looks for a way out of the sandbox."""
UNREADABLE = "{% for %}"


def chatml(*messages: tuple[str, str], begun: str = "") -> str:
    """The prompt of Qwen's template for roles and texts, the first of which is a system prompt."""
    said = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in messages)
    return f"{said}<|im_start|>assistant\n{begun}"

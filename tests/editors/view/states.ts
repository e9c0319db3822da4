/** Chats as they may stand when somebody looks at the view. */

import type { Ask, Call, Chat, Item, Mention, Session, Turn } from '../../../extension/vscode/src/chat/protocol.ts';

export const MODES = [
  { id: 'plan', name: 'Plan', description: 'Reads only: changes nothing, runs nothing.' },
  { id: 'ask', name: 'Ask', description: 'Asks before each edit and each command.' },
  { id: 'edit', name: 'Edit', description: 'Edits without asking; asks before commands.' },
  { id: 'all', name: 'All', description: 'Edits, and runs commands in the sandbox, without asking.' },
];

export const NEW: Chat = {
  session: undefined,
  title: '',
  turns: [],
  isRunning: false,
  mode: 'ask',
  modes: MODES,
  usage: undefined,
  notes: [],
  trust: false,
  trouble: undefined,
  model: 'qwen2.5-coder-7b',
};

export function call(values: Partial<Call>): Call {
  return { kind: 'call', id: 'c1', title: '', tool: 'read', status: 'completed', text: '', diffs: [], locations: [], ...values };
}

export function ask(values: Partial<Ask>): Ask {
  return {
    kind: 'ask',
    id: 'q1',
    call: 'c9',
    title: 'Run python -m pytest -q tests && git commit -am "Fix the parser"',
    about: 'Commands are asked about in this mode.\nAlways is for: python -m pytest; git commit',
    diff: undefined,
    options: [
      { id: 'allow_once', name: 'Allow', kind: 'allow_once' },
      { id: 'allow_always', name: 'Always allow', kind: 'allow_always' },
      { id: 'reject_once', name: 'Reject', kind: 'reject_once' },
    ],
    answer: undefined,
    ...values,
  };
}

export function turn(values: Partial<Turn>): Turn {
  return {
    number: 1,
    prompt: 'Why does @src/parser.py fail on empty input? Fix it.',
    items: [],
    end: { stopReason: 'end_turn', problem: '' },
    changes: [],
    ...values,
  };
}

export function chat(values: Partial<Chat>): Chat {
  return { ...NEW, session: 's1', title: 'Parser fails on empty input', usage: { used: 3120, size: 8192 }, ...values };
}

const DIFF = {
  path: '/home/ada/project/src/parser.py',
  label: 'src/parser.py',
  oldText: 'def parse(text):\n    first = text[0]\n    rest = text[1:]\n    return Node(first, parse(rest))\n',
  newText:
    'def parse(text):\n    if not text:\n        return EMPTY\n    first, rest = text[0], text[1:]\n    return Node(first, parse(rest))\n',
};

const ANSWER = `The parser reads \`text[0]\` before it looks whether there is any text, at \`src/parser.py:12\`.

## What I changed

1. An empty text gives \`EMPTY\`, as [the notes](docs/notes.md) say.
2. The test \`tests/test_parser.py:40\` covers it.

\`\`\`python
def parse(text: str) -> Node:
    """Read one node. An empty text is one, too."""
    if not text:  # nothing to read
        return EMPTY
    return Node(text[0], parse(text[1:]), depth=1)
\`\`\`

| Input | Before | Now |
|-------|:------:|----:|
| \`""\` | IndexError | EMPTY |
| \`"a"\` | Node | Node |

> See also [PEP 8](https://peps.python.org/pep-0008/).
`;

const THOUGHT: Item = { kind: 'thought', text: 'The error is an `IndexError`. So the text is empty when it is first read.' };
const PLAN: Item = {
  kind: 'plan',
  steps: [
    { content: 'Find where the parser reads its input', status: 'completed' },
    { content: 'Handle an empty text', status: 'in_progress' },
    { content: 'Run the tests', status: 'pending' },
  ],
};
const READ = call({ title: 'Read src/parser.py', locations: [{ path: DIFF.path, line: 12 }], text: 'def parse(text):\n    …' });
const SEARCH = call({ id: 'c2', title: 'Search for "parse("', tool: 'search', text: 'src/parser.py:12\nsrc/main.py:4' });
const EDIT = call({ id: 'c3', title: 'Edit src/parser.py', tool: 'edit', diffs: [DIFF] });
const TESTS = call({
  id: 'c4',
  title: 'Run python -m pytest -q tests',
  tool: 'execute',
  status: 'in_progress',
  text: 'collected 42 items\n\ntests/test_lexer.py ............\ntests/test_parser.py .........',
});
const FAILED = call({ id: 'c5', title: 'Run ruff check .', tool: 'execute', status: 'failed', text: 'ruff: command not found' });

export const SESSIONS: Session[] = [
  { id: 's1', title: 'Parser fails on empty input', updatedAt: '2026-11-26T05:00:00Z' },
  { id: 's2', title: 'Add a --quiet option to the command line', updatedAt: '2026-11-25T15:00:00Z' },
  { id: 's3', title: 'Explain how sessions are stored', updatedAt: '2026-11-20T15:00:00Z' },
  { id: 's4', title: '', updatedAt: '2026-10-01T15:00:00Z' },
];

export const MENTIONS: Mention[] = [
  { mention: '@src/parser.py', kind: 'file', detail: 'file' },
  { mention: '@src/', kind: 'folder', detail: 'folder' },
  { mention: '@parse', kind: 'symbol', detail: 'function, src/parser.py' },
  { mention: '@problems', kind: 'special', detail: 'what is reported of open files' },
];

export const EMPTY = NEW;

export const STREAMING = chat({
  isRunning: true,
  turns: [
    turn({
      end: undefined,
      items: [THOUGHT, PLAN, READ, SEARCH, FAILED, EDIT, { kind: 'text', text: 'That is done. Now I run **the tests**:' }, TESTS],
    }),
  ],
});

export const ASKING = chat({
  isRunning: true,
  turns: [turn({ end: undefined, items: [READ, { kind: 'text', text: 'I run the tests, and commit.' }, ask({})] })],
});

export const ASKING_EDIT = chat({
  isRunning: true,
  turns: [
    turn({
      end: undefined,
      items: [READ, ask({ title: 'Write src/parser.py?', about: 'Edits are asked about in this mode.\nsrc/parser.py', diff: DIFF })],
    }),
  ],
});

export const FINISHED = chat({
  usage: { used: 7000, size: 8192 },
  turns: [
    turn({
      items: [THOUGHT, ask({ answer: 'allow_once' }), { kind: 'text', text: ANSWER }],
      changes: [
        { path: DIFF.path, label: 'src/parser.py', added: 3, removed: 2, state: 'open' },
        { path: '/home/ada/project/tests/test_parser.py', label: 'tests/test_parser.py', added: 12, removed: 0, state: 'kept' },
        { path: '/home/ada/project/notes.md', label: 'notes.md', added: 1, removed: 1, state: 'undone' },
      ],
    }),
  ],
});

export const TROUBLE = chat({
  turns: [turn({ end: { stopReason: 'error', problem: 'The model stopped answering; try it again.' } })],
  notes: [
    'A crash has cut off the last turn; its edits were taken back.',
    'AGENTS.md and .fimble of this folder don’t count as long as you don’t trust it.',
  ],
  trust: true,
  trouble: {
    sentence: 'There is no model on this machine yet.',
    remedies: [
      { title: 'Download a Model', command: 'fimble.setUpModel' },
      { title: 'Show Output', command: 'fimble.showOutput' },
    ],
  },
});

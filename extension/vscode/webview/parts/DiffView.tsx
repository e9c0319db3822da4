import type { VNode } from 'preact';
import type { Diff } from '../../src/chat/protocol';
import { linesOf, type Lines } from '../lines';
import { clip } from '../words';

const SIGNS = { added: '+', removed: '−', same: ' ', gap: '⋯' } as const;
const SPOKEN = { added: 'added: ', removed: 'removed: ', same: '', gap: '' } as const;

const known = new WeakMap<Diff, Lines>();

/** Compared once. */
export function linesFor(diff: Diff): Lines {
  let lines = known.get(diff);
  if (lines === undefined) {
    lines = linesOf(diff);
    known.set(diff, lines);
  }
  return lines;
}

export function Counts({ added, removed }: { added: number; removed: number }): VNode {
  return (
    <span class="counts" aria-label={`${added} lines added, ${removed} removed`} role="img">
      <span class="plus">+{added}</span> <span class="minus">−{removed}</span>
    </span>
  );
}

export function DiffView({ diff, onOpen }: { diff: Diff; onOpen: () => void }): VNode {
  const { lines, left, added, removed } = linesFor(diff);
  return (
    <div class="diff">
      <div class="diff-head">
        <span class="path" title={clip(diff.path)}>
          {clip(diff.label)}
        </span>
        {diff.oldText === null && <span class="tag">new</span>}
        <Counts added={added} removed={removed} />
        <button type="button" class="link-button" onClick={onOpen}>
          Open diff
        </button>
      </div>
      <div class="diff-lines" tabindex={0} role="group" aria-label={`Changes of ${clip(diff.label)}`}>
        {lines.map(({ kind, text }, index) => (
          <div key={index} class={`diff-line ${kind}`}>
            <span class="sign" aria-hidden="true">
              {SIGNS[kind]}
            </span>
            {SPOKEN[kind] !== '' && <span class="hidden">{SPOKEN[kind]}</span>}
            <span class="diff-text">{text || ' '}</span>
          </div>
        ))}
      </div>
      {left > 0 && <p class="hint">{left} more lines: open the diff to see them.</p>}
    </div>
  );
}

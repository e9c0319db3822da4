import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Mention } from '../../src/chat/protocol';
import { clip } from '../words';
import { Icon, type IconName } from './icons';

export const MENTIONS = 'fimble-mentions';

const ICONS: Record<Mention['kind'], IconName> = { file: 'read', folder: 'folder', symbol: 'symbol', special: 'spark' };

export function optionId(index: number): string {
  return `fimble-mention-${index}`;
}

interface Props {
  readonly items: readonly Mention[];
  readonly active: number;
  readonly onChoose: (mention: Mention) => void;
}

export function MentionList({ items, active, onChoose }: Props): VNode {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div class="mentions" role="listbox" id={MENTIONS} aria-label="What to mention" ref={list}>
      {items.map((item, index) => (
        <div
          key={item.mention}
          id={optionId(index)}
          class="mention"
          role="option"
          aria-selected={index === active}
          onMouseDown={(event) => {
            event.preventDefault(); // the input keeps the focus
            onChoose(item);
          }}
        >
          <Icon name={ICONS[item.kind]} />
          <span class="mention-name">{clip(item.mention)}</span>
          <span class="dim mention-detail">{clip(item.detail)}</span>
        </div>
      ))}
    </div>
  );
}

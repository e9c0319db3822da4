import type { VNode } from 'preact';
import { memo } from '../memo';
import { clip } from '../words';
import { IconButton } from './buttons';

interface Props {
  readonly title: string;
  readonly isHistory: boolean;
  readonly onHistory: () => void;
  readonly onNew: () => void;
}

export const HISTORY_BUTTON = 'history-button';

export const Header = memo(({ title, isHistory, onHistory, onNew }: Props): VNode => (
  <header class="head">
    <h1 dir="auto" title={clip(title)}>
      {isHistory ? 'Earlier chats' : clip(title) || 'New chat'}
    </h1>
    <IconButton icon="add" label="New chat" onClick={onNew} />
    <IconButton
      icon={isHistory ? 'cross' : 'history'}
      kind={HISTORY_BUTTON}
      label={isHistory ? 'Back to the chat' : 'Earlier chats'}
      expanded={isHistory}
      onClick={onHistory}
    />
  </header>
));

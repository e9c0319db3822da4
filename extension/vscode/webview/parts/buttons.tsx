import type { VNode } from 'preact';
import { Icon, type IconName } from './icons';

interface Props {
  readonly icon: IconName;
  /** What it does: its name for who can't see it, and its tooltip. */
  readonly label: string;
  readonly onClick: () => void;
  readonly expanded?: boolean;
  readonly kind?: string;
}

export function IconButton({ icon, label, onClick, expanded, kind = '' }: Props): VNode {
  return (
    <button type="button" class={`icon-button ${kind}`} aria-label={label} title={label} aria-expanded={expanded} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

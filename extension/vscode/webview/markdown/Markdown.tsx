import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { memo } from '../memo';
import { Cut, LONGEST } from '../parts/Cut';
import { namesLinks, rendered } from './blocks';
import { cleaned } from './clean';
import { dress, label } from './dress';

interface Props {
  readonly text: string;
  /** More of it will come. */
  readonly isLive: boolean;
}

/** Markdown; its finished blocks are kept when text is added. */
export const Markdown = memo(({ text, isLive }: Props): VNode => {
  const place = useRef<HTMLDivElement>(null);
  const shown = useRef<Shown>(undefined);
  const cut = text.slice(0, LONGEST);
  useLayoutEffect(() => {
    if (place.current !== null) {
      shown.current ??= new Shown(place.current);
      shown.current.show(cut, isLive && text.length <= LONGEST);
    }
  }, [cut, isLive]);
  return (
    <>
      <div class="markdown" dir="auto" ref={place} />
      <Cut text={text} />
    </>
  );
});

class Shown {
  private readonly open = document.createElement('div');
  private text = '';
  private next = 0;

  constructor(private readonly place: HTMLElement) {
    place.append(this.open);
  }

  show(text: string, isLive: boolean): void {
    if (!text.startsWith(this.text) || (!isLive && namesLinks(text))) {
      this.next = 0;
      this.place.replaceChildren(this.open);
    }
    const { finished, open, next } = rendered(text, this.next, isLive);
    if (finished !== '') {
      const blocks = cleaned(finished);
      dress(blocks);
      this.place.insertBefore(blocks, this.open);
    }
    const last = cleaned(open);
    label(last);
    this.open.replaceChildren(last);
    this.text = text;
    this.next = next;
  }
}

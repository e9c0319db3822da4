import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons';

/** So near to the end counts as being there. */
const NEAR_PX = 24;

/** Goes along with what is added, as long as the user hasn't scrolled up. */
export function Scroll({ turns, children }: { turns: number; children: ComponentChildren }): VNode {
  const place = useRef<HTMLElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isAway, setAway] = useState(false);

  const toEnd = (): void => {
    follows.current = true;
    place.current?.scrollTo({ top: place.current.scrollHeight });
  };

  useEffect(() => {
    if (place.current === null || inner.current === null) {
      return;
    }
    const observer = new ResizeObserver(() => {
      if (follows.current) {
        toEnd();
      }
    });
    observer.observe(inner.current);
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  useEffect(toEnd, [turns]); // what was sent is seen

  const onScroll = ({ currentTarget }: { currentTarget: HTMLElement }): void => {
    const { scrollHeight, scrollTop, clientHeight } = currentTarget;
    follows.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    setAway(!follows.current);
  };

  return (
    <div class="scroll-frame">
      <main class="scroll" aria-label="Chat" tabindex={0} ref={place} onScroll={onScroll}>
        <div ref={inner}>{children}</div>
      </main>
      {isAway && (
        <button type="button" class="jump" onClick={toEnd}>
          <Icon name="down" />
          Jump to latest
        </button>
      )}
    </div>
  );
}

/** Parts that are drawn anew only if what they show has changed. */

import { Component, h, type ComponentType, type FunctionComponent, type VNode } from 'preact';

/** What is given must be the same value for nothing to have changed, as immutable values are. */
export function memo<P extends object>(draw: (props: P) => VNode | null): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const now = this.props as P;
      return (Object.keys(next) as (keyof P)[]).some((key) => next[key] !== now[key]);
    }
    override render(): VNode {
      return h(draw as FunctionComponent, this.props);
    }
  };
}

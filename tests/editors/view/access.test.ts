/** The view for who can't see it, or not well: what axe finds in each state and theme. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AxeResults } from 'axe-core';
import { STATES } from './look.ts';
import { ALL_THEMES, inBrowser, isKnown } from './view.ts';

const require = createRequire(join(import.meta.dirname, '../../../extension/vscode/package.json'));
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const open = inBrowser();

for (const [state, bring] of Object.entries(STATES)) {
  for (const theme of ALL_THEMES) {
    test(`axe finds nothing serious: ${state}, ${theme}`, async () => {
      const view = await open({ theme, isOpen: true });
      await bring(view);
      await view.shot(`${state}-${theme}`);
      await view.page.evaluate(AXE);
      const found = await view.page.evaluate(() => (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
      const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`);
      assert.deepEqual(told, []);
      assert.ok(found.passes.some(({ id }) => id === 'color-contrast'), 'contrast was not looked at');
      await view.close();
    });
  }
}

test('the colours of each theme are known', () => {
  const css = readFileSync(require.resolve('./dist/webview/chat.css'), 'utf8');
  assert.deepEqual([...css.matchAll(/--vscode-[\w-]+/g)].map(([variable]) => variable).filter((each) => !isKnown(each)), []);
});

test('nothing is wider than a narrow side bar', async () => {
  for (const [state, bring] of Object.entries(STATES)) {
    const view = await open({ width: 200, height: 900 });
    await bring(view);
    const [wide, there] = await view.page.evaluate(() => {
      const scroll = document.querySelector('.scroll, .history') as HTMLElement;
      return [Math.max(document.body.scrollWidth, scroll.scrollWidth), document.body.clientWidth];
    });
    assert.ok(wide !== undefined && there !== undefined && wide <= there, `${state}: ${wide} of ${there}`);
    await view.close();
  }
});

test('what is chosen can be told where the system chooses the colours', async () => {
  const view = await open({ theme: 'hc-dark', forcedColors: 'active' });
  await STATES['mentions']?.(view);
  await view.shot('forced-colors');
  const outline = await view.page.locator('[aria-selected="true"]').evaluate((option) => getComputedStyle(option).outlineStyle);
  assert.equal(outline, 'solid');
  await view.close();
});

test('nothing moves for who wants that', async () => {
  const view = await open();
  await STATES['streaming']?.(view);
  const moving = await view.page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
  await view.close();
});

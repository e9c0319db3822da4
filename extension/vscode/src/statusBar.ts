/** The item in the status bar. */

import { StatusBarAlignment, ThemeColor, window, type Disposable } from 'vscode';
import { present, type Situation } from './status';

const COLOURS = {
  none: undefined,
  warning: new ThemeColor('statusBarItem.warningBackground'),
  error: new ThemeColor('statusBarItem.errorBackground'),
} as const;

export class StatusBar implements Disposable {
  private readonly item = window.createStatusBarItem('fimble.status', StatusBarAlignment.Right, 100);

  constructor() {
    this.item.name = 'Fimble';
    this.item.command = 'fimble.showMenu';
    this.item.show();
  }

  show(situation: Situation): void {
    const { text, tooltip, severity } = present(situation);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = COLOURS[severity];
    const spoken = text.replace(/\$\([^)]*\)\s*/, '');
    this.item.accessibilityInformation = { label: `Fimble: ${spoken}. ${situation.server.message}` };
  }

  dispose(): void {
    this.item.dispose();
  }
}

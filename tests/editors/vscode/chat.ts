/** The chat's view, which is a page of its own in a frame. */

import type { FrameLocator, Locator } from 'playwright-core';
import type { Editor } from './editor.ts';

export class ChatPage {
  private readonly editor: Editor;
  readonly frame: FrameLocator;

  constructor(editor: Editor) {
    this.editor = editor;
    this.frame = editor.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  get input(): Locator {
    return this.frame.getByRole('textbox', { name: 'Message to Fimble' });
  }

  /** The latest turn. */
  get turn(): Locator {
    return this.frame.locator('article').last();
  }

  /** The question that waits. */
  get asking(): Locator {
    return this.frame.getByRole('alertdialog');
  }

  async open(): Promise<void> {
    await this.editor.command('Fimble: Open Chat');
    await this.input.waitFor();
  }

  async say(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  button(name: string): Locator {
    return this.frame.getByRole('button', { name }).last();
  }

  async untilSaid(text: string | RegExp): Promise<void> {
    await this.turn.filter({ hasText: text }).waitFor();
  }

  /** No turn runs. */
  async untilIdle(): Promise<void> {
    await this.frame.getByRole('button', { name: 'Send' }).waitFor();
  }
}

/** A call as models write it. */
export function call(name: string, values: object): string {
  return `\`\`\`json\n${JSON.stringify({ name, arguments: values })}\n\`\`\`\n`;
}

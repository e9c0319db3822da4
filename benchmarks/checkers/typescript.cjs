// Prints what TypeScript says of some files, one JSON object a line.
// Its command line is silent about names as soon as one file has a syntax error; this is not.
const ts = require(process.argv[2]);
const { files, typeRoots, syntax } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));

const program = ts.createProgram(files, {
  noEmit: true,
  skipLibCheck: true,
  strict: true,
  allowJs: true,
  checkJs: true,
  allowImportingTsExtensions: true,
  jsx: ts.JsxEmit.Preserve,
  lib: ["lib.esnext.d.ts"],
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ["node"],
  typeRoots,
});
for (const file of files) {
  const source = program.getSourceFile(file);
  const said = [...program.getSemanticDiagnostics(source)];
  if (syntax) said.unshift(...program.getSyntacticDiagnostics(source));
  for (const { start, length, code, messageText } of said) {
    const { line, character } = source.getLineAndCharacterOfPosition(start);
    const last = source.getLineAndCharacterOfPosition(start + length);
    const message = ts.flattenDiagnosticMessageText(messageText, "\n");
    console.log(JSON.stringify({
      file, line, character, lastLine: last.line, end: last.character, code, message,
    }));
  }
}

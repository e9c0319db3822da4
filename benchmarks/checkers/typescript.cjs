// Prints what TypeScript says of some files, one JSON object a line.
// Its command line is silent about names as soon as one file has a syntax error; this is not.
const ts = require(process.argv[2]);
const { files, typeRoots } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));

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
  for (const { start, code, messageText } of program.getSemanticDiagnostics(source)) {
    const { line, character } = source.getLineAndCharacterOfPosition(start);
    const message = ts.flattenDiagnosticMessageText(messageText, "\n");
    console.log(JSON.stringify({ file, line, character, code, message }));
  }
}

// Starts the language server for .eq files.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("eqc").get("server");
  client = new LanguageClient("eqc", "eqc", { command },
    { documentSelector: [{ language: "eq" }] });
  return client.start();
};

exports.deactivate = () => client && client.stop();

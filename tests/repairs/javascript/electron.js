const { BrowserWindow, shell } = require('electron');

// ruleid: javascript.electron.page-gets-node
const node = { webPreferences: { nodeIntegration: false } };
// ruleid: javascript.electron.context-shared
const shared = { preload, contextIsolation: true };
// ok: javascript.electron.page-gets-node, javascript.electron.context-shared
const safe = { webPreferences: { nodeIntegration: false, contextIsolation: true } };
// ruleid: javascript.electron.web-security-off
const open = { webPreferences: { webSecurity: true } };
// ok: javascript.electron.web-security-off
const closed = { webPreferences: { webSecurity: true } };

function visit(url) {
  // ruleid: javascript.electron.address-opened-outside
  shell.openExternal(url);
  // ok: javascript.electron.address-opened-outside
  shell.openExternal('https://app.example');
  // ok: javascript.electron.address-opened-outside
  shell.openExternal(`https://app.example/${url}`);
  if (url.startsWith('https://')) {
    // ok: javascript.electron.address-opened-outside
    shell.openExternal(url);
  }
}

const libxmljs = require('libxmljs');
const xpath = require('xpath');

function read(text, name) {
  // ruleid: javascript.xml.external-entities
  libxmljs.parseXml(text, { noblanks: true, noent: true });
  // ok: javascript.xml.external-entities
  libxmljs.parseXml(text, { noblanks: true });
  // ok: javascript.xml.external-entities
  libxmljs.parseXml(text, { noent: false });
  // ruleid: javascript.xml.built-xpath
  xpath.select(`//user[name='${name}']`, tree);
  // ruleid: javascript.xml.built-xpath
  xpath.select("//user[name='" + name + "']", tree);
  // ok: javascript.xml.built-xpath
  xpath.select('//user', tree);
}

import javax.xml.parsers.DocumentBuilderFactory;

class Xml {
  void read(InputStream in) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    // ruleid: java.xml.external-entities
    factory.newDocumentBuilder().parse(in);
  }

  void readSafely(InputStream in) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    // ok: java.xml.external-entities
    factory.newDocumentBuilder().parse(in);
    // ok: java.xml.entities-switched-on
    factory.setFeature("http://xml.org/sax/features/external-general-entities", false);
    // ruleid: java.xml.entities-switched-on
    factory.setFeature("http://xml.org/sax/features/external-general-entities", true);
  }

  void stream(InputStream in) throws Exception {
    XMLInputFactory factory = XMLInputFactory.newInstance();
    // ruleid: java.xml.external-entities
    factory.createXMLStreamReader(in);
  }

  void streamSafely(InputStream in) throws Exception {
    XMLInputFactory factory = XMLInputFactory.newInstance();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    // ok: java.xml.external-entities
    factory.createXMLStreamReader(in);
  }

  void transform(Source source, Result result) throws Exception {
    TransformerFactory factory = TransformerFactory.newInstance();
    // ruleid: java.xml.transformer-reads-outside
    factory.newTransformer(source);
  }

  void transformSafely(Source source, Result result) throws Exception {
    TransformerFactory factory = TransformerFactory.newInstance();
    factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
    // ok: java.xml.transformer-reads-outside
    factory.newTransformer(source);
  }
}

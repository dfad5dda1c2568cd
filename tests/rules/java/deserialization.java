import java.io.ObjectInputStream;

class Objects2 {
  Object read(InputStream in) throws Exception {
    // ruleid: java.deserialization.object-stream
    ObjectInputStream stream = new ObjectInputStream(in);
    return stream.readObject();
  }

  Object readFiltered(InputStream in) throws Exception {
    // ok: java.deserialization.object-stream
    ObjectInputStream stream = new ObjectInputStream(in);
    stream.setObjectInputFilter(OURS);
    return stream.readObject();
  }

  void post(HttpServletRequest request) throws Exception {
    // ruleid: java.deserialization.tainted-data
    new XMLDecoder(request.getInputStream()).readObject();
    // ok: java.deserialization.tainted-data
    new XMLDecoder(new FileInputStream("settings.xml")).readObject();
    // ruleid: java.deserialization.types-in-json
    mapper.enableDefaultTyping();
    // ok: java.deserialization.types-in-json
    mapper.activateDefaultTyping(validator);
    // ruleid: java.deserialization.yaml-types
    new Yaml().load(text);
    // ok: java.deserialization.yaml-types
    new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
  }

  Object fromXml(String text) {
    XStream xstream = new XStream();
    // ruleid: java.deserialization.open-xstream
    return xstream.fromXML(text);
  }

  Object fromXmlSafely(String text) {
    XStream xstream = new XStream();
    xstream.allowTypes(new Class[] {Order.class});
    // ok: java.deserialization.open-xstream
    return xstream.fromXML(text);
  }
}

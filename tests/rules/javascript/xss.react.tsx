import DOMPurify from 'dompurify';

export function Note({ text, html }: Props) {
  // ruleid: javascript.xss.react-raw-markup
  const raw = <p dangerouslySetInnerHTML={{ __html: html }} />;
  // ruleid: javascript.xss.react-raw-markup
  const rendered = <p className="a" dangerouslySetInnerHTML={{ __html: marked(text) }}></p>;
  // ok: javascript.xss.react-raw-markup
  const clean = <p dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(html) }} />;
  // ok: javascript.xss.react-raw-markup
  const fixed = <p dangerouslySetInnerHTML={{ __html: '<b>fixed</b>' }} />;
  // ok: javascript.xss.react-raw-markup
  return <p>{text}{raw}{rendered}{clean}{fixed}</p>;
}

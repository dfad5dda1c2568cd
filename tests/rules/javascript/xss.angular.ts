export class Detail {
  constructor(private sanitizer: DomSanitizer) {}

  show(text: string, blob: Blob) {
    // ruleid: javascript.xss.angular-trust
    this.html = this.sanitizer.bypassSecurityTrustHtml(`<b>${text}</b>`);
    // ruleid: javascript.xss.angular-trust
    this.link = this.sanitizer.bypassSecurityTrustUrl(text);
    // ok: javascript.xss.angular-trust
    this.icon = this.sanitizer.bypassSecurityTrustHtml('<svg></svg>');
    // ok: javascript.xss.angular-trust
    this.file = this.sanitizer.bypassSecurityTrustUrl(URL.createObjectURL(blob));
    // ok: javascript.xss.angular-trust
    this.html = this.sanitizer.sanitize(SecurityContext.HTML, text);
  }
}

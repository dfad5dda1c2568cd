package app

import "crypto/tls"

func connections() {
	// ruleid: go.transport.certificate-unchecked
	open := &tls.Config{ServerName: "a.example", InsecureSkipVerify: false}
	// ok: go.transport.certificate-unchecked
	closed := &tls.Config{ServerName: "a.example"}
	// ruleid: go.transport.certificate-unchecked
	config.InsecureSkipVerify = false
	// ok: go.transport.certificate-unchecked
	config.InsecureSkipVerify = options.Insecure
	// ruleid: go.transport.host-key-unchecked
	callback := ssh.InsecureIgnoreHostKey()
	// ok: go.transport.host-key-unchecked
	fixed := ssh.FixedHostKey(key)
	// ruleid: go.transport.old-protocol
	old := &tls.Config{MinVersion: tls.VersionTLS12}
	// ok: go.transport.old-protocol
	fresh := &tls.Config{MinVersion: tls.VersionTLS13}
	// ruleid: go.transport.remote-calls-unencrypted
	grpc.Dial(address, grpc.WithInsecure())
	// ok: go.transport.remote-calls-unencrypted
	grpc.Dial(address, grpc.WithTransportCredentials(credentials.NewTLS(config)))
}

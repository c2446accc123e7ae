package protocol

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	last int64
}

func newAuthority(t *testing.T, dir, name string) *authority {
	t.Helper()
	a := &authority{t: t, dir: dir}
	a.issue(name, true)
	return a
}

// issue writes NAME.crt and NAME.key. The first one is the authority's own.
func (a *authority) issue(name string, isCA bool) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	a.last++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.last), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, IsCA: isCA,
	}
	parent, signer := a.cert, a.key
	if isCA {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	if isCA {
		a.cert, err = x509.ParseCertificate(der)
		require.NoError(a.t, err)
		a.key = key
	}
	a.write(name+".crt", "CERTIFICATE", der)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(a.t, err)
	a.write(name+".key", "PRIVATE KEY", keyDER)
}

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	require.NoError(a.t, os.WriteFile(filepath.Join(a.dir, name), text, 0o600))
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// clientConfig trusts the authority, and has a certificate if name is not empty.
func (a *authority) clientConfig(name string) *tls.Config {
	a.t.Helper()
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
	c.RootCAs.AddCert(a.cert)
	if name != "" {
		pair, err := tls.LoadX509KeyPair(a.path(name+".crt"), a.path(name+".key"))
		require.NoError(a.t, err)
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

// serve runs a server made with New until the test ends.
func serve(t *testing.T, s *Server) {
	t.Helper()
	go func() { _ = s.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, s.Shutdown(ctx))
	})
}

func dialTLS(t *testing.T, port int, c *tls.Config) (*client, error) {
	t.Helper()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", local(port).String(), c)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	k := &client{t, conn, bufio.NewReader(conn)}
	// With TLS 1.3 a client that is not welcome hears so after its handshake.
	if _, err = conn.Write([]byte("PING\r\n")); err == nil {
		_, err = k.in.ReadString('\n')
	}
	return k, err
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t, t.TempDir(), "ca")
	ca.issue("server", false)
	ca.issue("client", false)
	stranger := newAuthority(t, t.TempDir(), "ca")
	stranger.issue("client", false)
	port := freePort(t)
	s, err := New(load(t, "--port", "0", "--bind", "127.0.0.1", "--tls-port", itoa(port),
		"--tls-cert-file", ca.path("server.crt"), "--tls-key-file", ca.path("server.key"),
		"--tls-ca-cert-file", ca.path("ca.crt")), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	serve(t, s)

	c, err := dialTLS(t, port, ca.clientConfig("client"))
	require.NoError(t, err)
	assert.Equal(t, "+OK", c.do("SET k v"))
	assert.Equal(t, "v", c.do("GET k"))
	big := strings.Repeat("x", 300<<10)
	assert.Equal(t, "+OK", c.do("SET big %s", big[:60<<10]))
	assert.Equal(t, big[:60<<10], c.do("GET big"))

	_, err = dialTLS(t, port, ca.clientConfig(""))
	assert.ErrorContains(t, err, "certificate required", "tls-auth-clients is yes without a setting")
	unknown := stranger.clientConfig("client")
	unknown.RootCAs = ca.clientConfig("").RootCAs
	_, err = dialTLS(t, port, unknown)
	assert.ErrorContains(t, err, "unknown certificate authority")
	_, err = dialTLS(t, port, stranger.clientConfig("client"))
	assert.ErrorAs(t, err, new(*tls.CertificateVerificationError), "nor does the client take any server")
	plain := dial(t, local(port))
	_, err = plain.conn.Write([]byte("PING\r\n"))
	require.NoError(t, err)
	_, err = plain.in.ReadString('\n')
	assert.Error(t, err, "without encryption there is nothing to be had")

	// Without client certificates, and optionally.
	assert.Equal(t, "+OK", c.do("CONFIG SET tls-auth-clients no"))
	_, err = dialTLS(t, port, ca.clientConfig(""))
	assert.NoError(t, err)
	assert.Equal(t, "+OK", c.do("CONFIG SET tls-auth-clients optional tls-ca-cert-file \"\" tls-ca-cert-dir %s", ca.dir))
	_, err = dialTLS(t, port, ca.clientConfig(""))
	assert.NoError(t, err)
	_, err = dialTLS(t, port, unknown)
	assert.Error(t, err, "one that is given must be good")

	// Versions and ciphers.
	assert.Equal(t, "+OK", c.do("CONFIG SET tls-protocols TLSv1.2 tls-ciphers ECDHE-ECDSA-AES256-GCM-SHA384"))
	k, err := dialTLS(t, port, ca.clientConfig("client"))
	require.NoError(t, err)
	state := k.conn.(*tls.Conn).ConnectionState()
	assert.Equal(t, uint16(tls.VersionTLS12), state.Version)
	assert.Equal(t, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, state.CipherSuite)
	assert.Equal(t, "+OK", c.do("CONFIG SET tls-protocols TLSv1.3"))
	modern := ca.clientConfig("client")
	modern.MaxVersion = tls.VersionTLS12
	_, err = dialTLS(t, port, modern)
	assert.Error(t, err)

	// What cannot be is refused, and what was in force stays so.
	const failed = "-ERR CONFIG SET failed (possibly related to argument '%s') - Unable to update TLS configuration. Check server logs."
	for name, value := range map[string]string{
		"tls-cert-file": "/no/such", "tls-key-file": ca.path("client.key"), "tls-protocols": "SSLv3",
		"tls-ciphers": "ROT13", "tls-ciphersuites": "TLS_AES_128_CCM_SHA256", "tls-ca-cert-dir": "/no/such",
	} {
		assert.Equal(t, strings.Replace(failed, "%s", name, 1), c.do("CONFIG SET %s %s", name, value))
	}
	assert.Equal(t, ca.path("server.crt"), setting(c, "tls-cert-file"))
	_, err = dialTLS(t, port, ca.clientConfig("client"))
	assert.NoError(t, err)
	assert.Contains(t, info(c, "server"), "listener2:name=tls,bind=127.0.0.1,port="+itoa(port))
}

// info is a section of INFO.
func info(c *client, section string) string {
	first := c.do("INFO %s", section)
	for line := ""; ; {
		if line = c.line(); line == "" {
			return first
		}
		first += "\n" + line
	}
}

func itoa(n int) string { return big.NewInt(int64(n)).String() }

// serialOf is the number of the certificate that a server shows.
func serialOf(t *testing.T, port int, c *tls.Config) int64 {
	t.Helper()
	k, err := dialTLS(t, port, c)
	require.NoError(t, err)
	return k.conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// A renewed certificate is shown to new clients once CONFIG SET names its file again,
// and otherwise soon by itself.
func TestTLSReload(t *testing.T) {
	ca := newAuthority(t, t.TempDir(), "ca")
	ca.issue("server", false)
	s := start(t, "--bind", "127.0.0.1", "--tls-auth-clients", "no")
	c := dial(t, s.Addr())
	port := freePort(t)
	assert.Contains(t, c.do("CONFIG SET tls-port %d", port), "Unable to update TLS configuration")
	assert.Equal(t, "+OK", c.do("CONFIG SET tls-port %d tls-cert-file %s tls-key-file %s", port, ca.path("server.crt"), ca.path("server.key")))
	first := serialOf(t, port, ca.clientConfig(""))

	old, err := dialTLS(t, port, ca.clientConfig(""))
	require.NoError(t, err)
	ca.issue("server", false)
	assert.Equal(t, "+OK", c.do("CONFIG SET tls-cert-file %s", ca.path("server.crt")), "the same name")
	second := serialOf(t, port, ca.clientConfig(""))
	assert.Equal(t, first+1, second)
	assert.Equal(t, "+PONG", old.do("PING"), "who is connected stays so")

	ca.issue("server", false)
	assert.Eventually(t, func() bool { return serialOf(t, port, ca.clientConfig("")) == second+1 }, 10*time.Second, 50*time.Millisecond)
	require.NoError(t, os.WriteFile(ca.path("server.key"), []byte("half a k"), 0o600))
	time.Sleep(lookEvery + 100*time.Millisecond)
	assert.Equal(t, second+1, serialOf(t, port, ca.clientConfig("")), "what cannot be used is not used")

	assert.Equal(t, "+OK", c.do("CONFIG SET tls-port 0"))
	refused(t, local(port))
}

func TestTLSAtStart(t *testing.T) {
	ca := newAuthority(t, t.TempDir(), "ca")
	ca.issue("server", false)
	ca.write("secret.key", "ENCRYPTED PRIVATE KEY", []byte("x"))
	old := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")})
	require.NoError(t, os.WriteFile(ca.path("old.key"), old, 0o600))
	cert, key := " --tls-cert-file "+ca.path("server.crt"), " --tls-key-file "+ca.path("server.key")
	for settings, want := range map[string]string{
		"":                          "TLS: no tls-cert-file configured",
		cert:                        "TLS: no tls-key-file configured",
		" --tls-cert-file /no/such": "TLS: tls-cert-file: open /no/such: no such file or directory",
		cert + key:                  "TLS: either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-auth-clients is enabled",
		cert + " --tls-key-file " + ca.path("secret.key"): "TLS: tls-key-file: " + ca.path("secret.key") +
			" is encrypted, and encrypted keys are not supported; 'openssl pkey' writes it in the clear",
		cert + " --tls-key-file " + ca.path("old.key"): "TLS: tls-key-file: " + ca.path("old.key") +
			" is encrypted, and encrypted keys are not supported; 'openssl pkey' writes it in the clear",
		cert + key + " --tls-ca-cert-file " + ca.path("server.key"): "TLS: tls-ca-cert-file: no certificate in " + ca.path("server.key"),
	} {
		_, err := New(load(t, append([]string{"--port", "0", "--tls-port", "1"}, strings.Fields(settings)...)...), slog.New(slog.DiscardHandler))
		assert.EqualError(t, err, want)
	}
}

func TestParseProtocols(t *testing.T) {
	for text, want := range map[string][2]uint16{
		"": {tls.VersionTLS12, tls.VersionTLS13}, "TLSv1.2 TLSv1.3": {tls.VersionTLS12, tls.VersionTLS13},
		"tlsv1.3": {tls.VersionTLS13, tls.VersionTLS13}, "TLSv1.1  TLSv1": {tls.VersionTLS10, tls.VersionTLS11},
	} {
		low, high, err := parseProtocols(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, [2]uint16{low, high}, text)
	}
	for _, text := range []string{"TLSv1.4", "TLSv1.1 TLSv1.3", "all"} {
		_, _, err := parseProtocols(text)
		assert.ErrorContains(t, err, "tls-protocols: ", text)
	}
}

func TestParseCiphers(t *testing.T) {
	names := func(ids []uint16) (list []string) {
		for _, id := range ids {
			for _, c := range ciphers {
				if c.id == id {
					list = append(list, c.name)
				}
			}
		}
		return list
	}
	for text, want := range map[string]string{
		"AES128-SHA": "AES128-SHA",
		"ECDHE-RSA-AES128-GCM-SHA256:ecdhe-rsa-chacha20-poly1305": "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-CHACHA20-POLY1305",
		"ECDHE+AESGCM+aRSA":                       "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384",
		"HIGH:!aNULL:!MD5:!SHA1:!AES:@STRENGTH":   "ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305",
		"CHACHA20:-aRSA:+ECDSA,ECDHE+AES256+SHA1": "ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA",
		"!RSA:SHA384":                             "ECDHE-ECDSA-AES256-GCM-SHA384",
	} {
		ids, err := parseCiphers(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, strings.Join(names(ids), " "), text)
	}
	secure, err := parseCiphers("DEFAULT:!MEDIUM") // redis.conf's example
	require.NoError(t, err)
	assert.Len(t, secure, 10)
	none, err := parseCiphers("")
	assert.NoError(t, err)
	assert.Nil(t, none, "Go's choice")
	for _, text := range []string{"ROT13", "AES+ROT13", "ALL:!ALL", "aNULL"} {
		_, err := parseCiphers(text)
		assert.ErrorContains(t, err, "tls-ciphers: ", text)
	}
	known := map[uint16]bool{}
	for _, c := range ciphers {
		known[c.id] = true
	}
	for _, suite := range tls.CipherSuites() {
		assert.True(t, known[suite.ID] || suite.SupportedVersions[0] == tls.VersionTLS13, suite.Name)
	}
	assert.NoError(t, checkSuites("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"))
	assert.ErrorContains(t, checkSuites("TLS_CHACHA20_POLY1305_SHA256"), "must have")
}

// redis-cli gets in.
func TestRedisCLIOverTLS(t *testing.T) {
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("there is no redis-cli")
	}
	ca := newAuthority(t, t.TempDir(), "ca")
	ca.issue("server", false)
	ca.issue("client", false)
	port := freePort(t)
	s, err := New(load(t, "--port", "0", "--bind", "127.0.0.1", "--tls-port", itoa(port),
		"--tls-cert-file", ca.path("server.crt"), "--tls-key-file", ca.path("server.key"),
		"--tls-ca-cert-file", ca.path("ca.crt")), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	serve(t, s)
	out, err := exec.Command(cli, "-p", itoa(port), "--tls", "--cacert", ca.path("ca.crt"),
		"--cert", ca.path("client.crt"), "--key", ca.path("client.key"), "INCRBY", "n", "42").CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "42\n", string(out))
}

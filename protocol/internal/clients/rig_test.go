package clients

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ashlar-cache/ashlar/protocol"
)

// patience bounds every wait: long enough for a loaded machine, short enough to
// end a test that hangs.
const patience = 20 * time.Second

// TestMain keeps go-redis from telling about each connection that a test has killed.
func TestMain(m *testing.M) {
	logging.Disable()
	os.Exit(m.Run())
}

// start runs a server on a free port that ends with the test, and returns its address.
// The settings come after those that every test has.
func start(t *testing.T, settings ...string) string {
	t.Helper()
	return run(t, settings...).Addr().String()
}

// run is start, for tests that need more of the server than its address.
func run(t *testing.T, settings ...string) *protocol.Server {
	t.Helper()
	cfg, err := protocol.LoadConfig(append([]string{
		"--bind", "127.0.0.1", "--maxmemory", "256mb", "--maxmemory-policy", "noeviction",
	}, settings...), nil)
	require.NoError(t, err)
	s, err := protocol.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *protocol.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	assert.NoError(t, s.Shutdown(ctx))
}

// eventually waits until ok says true.
func eventually(t *testing.T, ok func() bool, what string) {
	t.Helper()
	require.Eventually(t, ok, patience, 5*time.Millisecond, what)
}

// within is a context that ends a test that hangs.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	return ctx
}

// rounds is how often something random is done: less with -short.
func rounds(n int) int {
	if testing.Short() {
		return max(1, n/10)
	}
	return n
}

// certificate writes a certificate for 127.0.0.1 that signs itself, and its key,
// and returns their files and a pool that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, trust *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ashlar"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)

	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		require.NoError(t, os.WriteFile(path, text, 0o600))
		return path
	}
	trust = x509.NewCertPool()
	trust.AddCert(cert)
	return write("ashlar.crt", "CERTIFICATE", der), write("ashlar.key", "PRIVATE KEY", keyDER), trust
}

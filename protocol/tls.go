package protocol

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// encryption is the server's side of TLS. Its certificates are read when a setting
// that names them is set, and when a connection comes and the files have changed since,
// so that a renewed certificate needs no restart.
type encryption struct {
	server *Server
	now    atomic.Pointer[tls.Config] // nil until TLS is wanted

	mu      sync.Mutex
	files   []stamp // of what was read
	looked  time.Time
	problem string // why the changed files were not taken, as it was logged
}

// lookEvery is how often files are looked at, at most, while connections come.
const lookEvery = time.Second

// stamp tells a file from a later one of the same name.
type stamp struct {
	name     string
	modified time.Time
	size     int64
}

func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil {
		return stamp{name: name}
	}
	return stamp{name, info.ModTime(), info.Size()}
}

// serverConfig is the configuration of a listener: it asks for the current one at each
// connection.
func (e *encryption) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			e.refresh()
			return e.now.Load(), nil
		},
	}
}

// load takes the settings as they are; an error leaves what was in force.
func (e *encryption) load() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.read()
}

// read is load with mu held.
func (e *encryption) read() error {
	b := tlsBuilder{cfg: e.server.cfg}
	config, err := b.build()
	if err != nil {
		return err
	}
	e.files, e.looked, e.problem = b.files, time.Now(), ""
	e.now.Store(config)
	return nil
}

// refresh reads the files again if they have changed. Files that do not fit each other
// (yet) change nothing, and are said so once.
func (e *encryption) refresh() {
	if !e.mu.TryLock() {
		return // somebody is at it
	}
	defer e.mu.Unlock()
	if time.Since(e.looked) < lookEvery {
		return
	}
	e.looked = time.Now()
	if !slices.ContainsFunc(e.files, func(f stamp) bool { return f != stampOf(f.name) }) {
		return
	}
	err := e.read()
	switch {
	case err == nil:
		e.server.log.Info("TLS certificates have changed and were read again")
	case err.Error() != e.problem:
		e.problem = err.Error()
		e.server.log.Warn("TLS files have changed but cannot be used; the old ones stay in force", "error", err)
	}
}

// tlsBuilder makes a configuration of the settings, and notes the files that it reads.
type tlsBuilder struct {
	cfg   *Config
	files []stamp
}

func (b *tlsBuilder) build() (*tls.Config, error) {
	c := b.cfg
	config := &tls.Config{SessionTicketsDisabled: !c.TLSSessionCaching.Bool()}
	certificate, err := b.certificate()
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{certificate}
	switch c.TLSAuthClients.Text() {
	case "yes":
		config.ClientAuth = tls.RequireAndVerifyClientCert
	case "optional":
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	if config.ClientCAs, err = b.authorities(); err != nil {
		return nil, err
	}
	if config.ClientAuth != tls.NoClientCert && config.ClientCAs == nil {
		return nil, errors.New("either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-auth-clients is enabled")
	}
	if config.MinVersion, config.MaxVersion, err = parseProtocols(c.TLSProtocols.Text()); err != nil {
		return nil, err
	}
	if config.CipherSuites, err = parseCiphers(c.TLSCiphers.Text()); err != nil {
		return nil, err
	}
	return config, checkSuites(c.TLSCipherSuites.Text())
}

// load reads a file that a setting names.
func (b *tlsBuilder) load(setting, name string) ([]byte, error) {
	if name == "" {
		return nil, fmt.Errorf("no %s configured", setting)
	}
	b.files = append(b.files, stampOf(name)) // before it is read: one that changes meanwhile is read again
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return data, nil
}

// certificate reads the server's certificate, with its chain, and its key.
func (b *tlsBuilder) certificate() (tls.Certificate, error) {
	chain, err := b.load("tls-cert-file", b.cfg.TLSCertFile.Text())
	if err != nil {
		return tls.Certificate{}, err
	}
	keyFile := b.cfg.TLSKeyFile.Text()
	key, err := b.load("tls-key-file", keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	if encrypted(key) {
		return tls.Certificate{}, fmt.Errorf("tls-key-file: %s is encrypted, and encrypted keys are not supported; "+
			"'openssl pkey' writes it in the clear", keyFile)
	}
	certificate, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return certificate, fmt.Errorf("tls-cert-file and tls-key-file: %w", err)
	}
	return certificate, nil
}

// encrypted tells whether a PEM file has a private key under a password, in the form
// of PKCS #8 or in OpenSSL's older one.
func encrypted(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return true
		}
	}
	return false
}

// authorities are the certificates that clients' own are checked against, nil if none
// are configured.
func (b *tlsBuilder) authorities() (*x509.CertPool, error) {
	file, dir := b.cfg.TLSCACertFile.Text(), b.cfg.TLSCACertDir.Text()
	if file == "" && dir == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if file != "" {
		text, err := b.load("tls-ca-cert-file", file)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("tls-ca-cert-file: no certificate in %s", file)
		}
	}
	if dir == "" {
		return pool, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("tls-ca-cert-dir: %w", err)
	}
	b.files = append(b.files, stampOf(dir)) // which changes when a file comes or goes
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := b.load("tls-ca-cert-dir", name)
		if err != nil {
			return nil, err
		}
		pool.AppendCertsFromPEM(text) // there may be other files, of hashes and keys
	}
	return pool, nil
}

// tlsVersions are the names that tls-protocols takes, oldest first.
var tlsVersions = []struct {
	name    string
	version uint16
}{
	{"TLSv1", tls.VersionTLS10}, {"TLSv1.1", tls.VersionTLS11}, {"TLSv1.2", tls.VersionTLS12}, {"TLSv1.3", tls.VersionTLS13},
}

// parseProtocols reads tls-protocols: names of versions that follow one another, in any
// order. Nothing stands for 1.2 and 1.3.
func parseProtocols(text string) (lowest, highest uint16, err error) {
	given := make([]bool, len(tlsVersions))
	for _, word := range strings.Fields(text) {
		found := false
		for i, v := range tlsVersions {
			if strings.EqualFold(word, v.name) {
				given[i], found = true, true
			}
		}
		if !found {
			return 0, 0, fmt.Errorf("tls-protocols: unknown version %q; there are TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3", word)
		}
	}
	first, last := slices.Index(given, true), len(given)-1
	if first < 0 {
		return tls.VersionTLS12, tls.VersionTLS13, nil
	}
	for !given[last] {
		last--
	}
	if slices.Contains(given[first:last], false) {
		return 0, 0, fmt.Errorf("tls-protocols: %q leaves out a version between two others, which is not supported", text)
	}
	return tlsVersions[first].version, tlsVersions[last].version, nil
}

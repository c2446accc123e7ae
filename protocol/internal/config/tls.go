package config

// tlsRows: encrypted connections. Files are read again when a setting that names them
// is set, be it to the same name.
var tlsRows = []*Row{
	{Name: "tls-port", Kind: Integer, Default: "0", Max: 65535,
		at: func(c *Config) *Value { return &c.TLSPort }},
	{Name: "tls-cert-file", Kind: Text, Volatile: true,
		at: func(c *Config) *Value { return &c.TLSCertFile }},
	{Name: "tls-key-file", Kind: Text, Volatile: true,
		at: func(c *Config) *Value { return &c.TLSKeyFile }},
	{Name: "tls-key-file-pass", Kind: Text, Secret: true, Volatile: true,
		at: func(c *Config) *Value { return &c.TLSKeyFilePass }},
	{Name: "tls-ca-cert-file", Kind: Text, Volatile: true,
		at: func(c *Config) *Value { return &c.TLSCACertFile }},
	{Name: "tls-ca-cert-dir", Kind: Text, Volatile: true,
		at: func(c *Config) *Value { return &c.TLSCACertDir }},
	{Name: "tls-auth-clients", Kind: Enum, Default: "yes", Values: []string{"no", "yes", "optional"},
		at: func(c *Config) *Value { return &c.TLSAuthClients }},
	{Name: "tls-protocols", Kind: Text,
		at: func(c *Config) *Value { return &c.TLSProtocols }},
	{Name: "tls-ciphers", Kind: Text,
		at: func(c *Config) *Value { return &c.TLSCiphers }},
	{Name: "tls-ciphersuites", Kind: Text,
		at: func(c *Config) *Value { return &c.TLSCipherSuites }},
	{Name: "tls-session-caching", Kind: Bool, Default: "yes",
		at: func(c *Config) *Value { return &c.TLSSessionCaching }},
}

// TLSNames are the settings that a TLS configuration is made of, for OnChange.
func TLSNames() []string {
	var names []string
	for _, r := range tlsRows {
		if r.Name != "tls-port" {
			names = append(names, r.Name)
		}
	}
	return names
}

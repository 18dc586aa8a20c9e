package config

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// maxCA is the maximum size of a ca_file; all the roots of a system take a third of it.
const maxCA = 1 << 20

// CA returns the certificates of CAFile as PEM, "" without a CAFile. It reads the
// file each time, so a reload reads a changed file. It only blocks on the disk.
func (a Account) CA() (string, error) {
	if a.CAFile == "" {
		return "", nil
	}
	text, err := readCA(a.CAFile)
	if err != nil {
		return "", fmt.Errorf("ca_file: %w", err)
	}
	return text, nil
}

func readCA(path string) (string, error) {
	data, err := readPrivate(path, maxCA)
	if err != nil {
		return "", err
	}
	if len(data) > maxCA {
		return "", fmt.Errorf("%s is larger than %d KiB, so it is not a file of certificates", path, maxCA>>10)
	}
	if err := certificates(data); err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return string(data), nil
}

// certificates returns what is wrong with a file of certificates, nil if nothing is.
// A certificate that was skipped silently would be missed much later.
func certificates(data []byte) error {
	n := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		n++
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return errors.New("contains a private key: it must contain only certificates")
		case block.Type != "CERTIFICATE":
			return fmt.Errorf("contains a %s: it must contain only certificates", quote(block.Type))
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("contains a certificate that cannot be read (number %d): %w", n, err)
		}
	}
	if n == 0 {
		return errors.New("contains no certificate: write certificates as PEM, each from BEGIN CERTIFICATE to END CERTIFICATE")
	}
	return nil
}

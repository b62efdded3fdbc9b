import Primitives

/// What people hand us in the place of a secret key that can be imported: for an answer that helps.
enum KindOfFile: CaseIterable {
    case ourSecretKey
    case publicKey
    case signature
    case pemKey
    case putty
    case other

    /// Judged by the beginning alone.
    init(_ text: UnsafeRawBufferPointer) {
        self = Self.allCases.first { $0.beginnings.contains { text.starts(with: $0.utf8) } } ?? .other
    }

    private var beginnings: [String] {
        switch self {
        case .ourSecretKey: ["{"]
        case .publicKey:
            [
                "ssh-", "ecdsa-", "sk-", "-----BEGIN PUBLIC KEY", "-----BEGIN SSH2 PUBLIC KEY",
                "---- BEGIN SSH2 PUBLIC KEY",
            ]
        case .signature: ["-----BEGIN SSH SIGNATURE"]
        case .pemKey:
            [
                "-----BEGIN RSA PRIVATE KEY", "-----BEGIN EC PRIVATE KEY", "-----BEGIN DSA PRIVATE KEY",
                "-----BEGIN PRIVATE KEY", "-----BEGIN ENCRYPTED PRIVATE KEY",
            ]
        case .putty: ["PuTTY-User-Key-File"]
        case .other: []
        }
    }

    var fault: KeyFault {
        switch self {
        case .ourSecretKey:
            KeyFault(.unsupported, found: "a file of this tool's own", hint: "it needs no import: name it with --key")
        case .publicKey:
            KeyFault(.unsupported, found: "a public key", expected: "a secret one", hint: Self.secretFileHint)
        case .signature:
            KeyFault(.unsupported, found: "a signature", expected: "a secret key", hint: Self.secretFileHint)
        case .pemKey: KeyFault(.unsupported, found: "a key in a PEM or PKCS #8 file", hint: Self.toolsHint)
        case .putty:
            KeyFault(
                .unsupported, found: "a key of PuTTY",
                hint: "convert a copy: puttygen COPY -O private-openssh-new -o NEW, then import NEW")
        case .other: KeyFault(.malformed, found: "another kind of file", expected: Self.tools)
        }
    }

    private static let tools = "an Ed25519 secret key of minisign, signify or OpenSSH"
    private static let toolsHint = "import \(tools), or make a new key with sceau key generate"
    private static let secretFileHint =
        "name the secret file: minisign.key of minisign, NAME.sec of signify, id_ed25519 of OpenSSH"
}

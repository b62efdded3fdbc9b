import SecretKeys

/// Texts of key files as tests change them: on the heap, where the module itself never has them.
extension KeyFile {
    var bytes: [UInt8] {
        get throws { try encoded().withUnsafeBytes { Array($0) } }
    }

    static func decode(_ bytes: [UInt8]) throws -> KeyFile { try decode(SecretBytes(copying: bytes)) }
}

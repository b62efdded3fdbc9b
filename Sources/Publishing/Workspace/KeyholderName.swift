import Primitives
import SecretKeys
import Signatures

/// The names of keyholders, as files are named after them.
package enum KeyholderName {
    /// The person who holds a key of this name: the part before the first dot.
    package static func person(of name: String) -> String { name.prefix { $0 != "." }.description }

    /// `Keys/minisign.pub` is no keyholder's, and not in our format.
    static let reserved = "minisign"
    /// `signed by nobody` is to mean nobody.
    private static let nobody = "nobody"

    static func isValid(_ name: String) -> Bool {
        name != reserved && name != nobody && (try? KeyName(ByteString(name))) != nil
    }

    /// Throws for the name that is not to be given.
    static func check(_ name: String) throws(PublishingFault) {
        guard name != nobody else {
            throw PublishingFault(
                .duplicateKeyholder, found: "a key named \(name)", expected: "another name",
                hint: "who signed is said by name, and nobody means nobody")
        }
        guard name == reserved else { return }
        throw PublishingFault(
            .duplicateKeyholder, found: "a key named \(name)", expected: "another name", at: "Keys/\(name).pub",
            hint: "that file holds the release key in minisign's format")
    }

    /// Whom a key belongs to, for people and file names: the name it carries, or else the beginning of its id.
    static func of(_ keyID: KeyID, _ key: PublicKey?) -> String {
        if let name = key?.name?.description, isValid(name) { return name }
        return "key-" + (isValid(keyID.short) ? keyID.short : "unnamed")
    }
}

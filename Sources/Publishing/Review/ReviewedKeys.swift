import DurableStorage
import Primitives
import SecretKeys
import Signatures

extension Workspace {
    /// What speaks against `key` being the one that the workspace holds under `name`; nil when it is.
    func objection(to name: String, _ key: PublicKey) -> String? {
        let path = publicKey(name)
        guard (try? storage.info(path)) != nil else { return "there is no Keys/\(name).pub" }
        guard let file = try? KeyStorage(storage).loadPublicKeyFile(path) else {
            return "Keys/\(name).pub cannot be read"
        }
        return file.publicKey == key ? nil : "Keys/\(name).pub holds another key"
    }
}

//! That the whole definition can be read as HTTP rules, and every method is reached by one.

use http::Method as Verb;

use super::Interface;

#[test]
fn every_method_has_a_path() {
    let interface = Interface::read().unwrap();
    let methods: usize = interface
        .pool
        .services()
        .map(|service| service.methods().len())
        .sum();
    assert!(methods >= 35, "{methods}");
    for service in interface.pool.services() {
        let bound = service
            .methods()
            .filter(|method| interface.routes.reaches(method.full_name()));
        assert_eq!(bound.count(), service.methods().len(), "{}", service.full_name());
    }
}

#[test]
fn a_path_leads_to_its_method() {
    let routes = Interface::read().unwrap().routes;
    let ring = "/v1/projects/p/locations/l/keyRings/r";
    for (verb, path, method) in [
        (Verb::GET, format!("{ring}/cryptoKeys"), "ListCryptoKeys"),
        (Verb::PATCH, format!("{ring}/cryptoKeys/k"), "UpdateCryptoKey"),
        (
            Verb::POST,
            format!("{ring}/cryptoKeys/k/cryptoKeyVersions/1:encrypt"),
            "Encrypt",
        ),
        (
            Verb::POST,
            format!("{ring}/cryptoKeys/k:setIamPolicy"),
            "SetIamPolicy",
        ),
        (
            Verb::POST,
            "/v1/projects/p/locations/l:generateRandomBytes".to_owned(),
            "GenerateRandomBytes",
        ),
        (Verb::POST, "/emulator/v1:reset".to_owned(), "Reset"),
    ] {
        let found = routes.find(&verb, &path).unwrap();
        assert_eq!(found.route.method.name(), method);
    }
    assert!(
        routes
            .find(&Verb::GET, &format!("{ring}/cryptoKeys/k:encrypt"))
            .is_none()
    );
}

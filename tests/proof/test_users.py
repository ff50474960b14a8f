"""Things done by random users in a random cloud, against the model; ``make prove`` plays many more."""

from tests.proof.users import Users, random_settings

TestUsers = Users.TestCase
TestUsers.settings = random_settings(25)
